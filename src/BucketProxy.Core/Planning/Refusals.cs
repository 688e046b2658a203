namespace BucketProxy.Core.Planning;

/// <summary>The words for what cannot be moved.</summary>
internal static class Refusals
{
    public const string NoReturn = "its process lost it without a proven release, and may hold an old copy (S9)";

    public static string Why(WorkRefusal refusal, PlannerNode[] nodes)
    {
        if (refusal.From != Workspace.Nobody && CannotGive(nodes[refusal.From]) is { } why)
            return why;
        return refusal.To == Workspace.Nobody
            ? "there is no node that may take it"
            : $"{nodes[refusal.To].Id}: {NoReturn}";
    }

    /// <summary>Why nothing can be moved off the node, or null.</summary>
    public static string? CannotGive(PlannerNode node) => node switch
    {
        { Suspect: true } => $"{node.Id} is not registered but may be alive and hold it in memory",
        { CanRelease: false } =>
            $"{node.Id} has release mode none: it would keep a stale copy and overwrite the new owner's saves",
        _ => null,
    };
}
