using BucketProxy.Emulator.Journaling;

namespace BucketProxy.Emulator.Checking;

/// <summary>A row somebody was promised: the one of <paramref name="Base"/> whose <paramref name="Column"/> is <paramref name="Value"/>.</summary>
/// <param name="Base">The base's UUID in lower case with dashes.</param>
/// <param name="Column">A column whose values are unique in the base: <c>_id</c>, or one that the writer fills.</param>
/// <param name="Value">The value.</param>
public sealed record AcknowledgedRow(string Base, string Column, string Value);

/// <summary>A process that somebody saw dead: what it had in memory is gone. A killed process cannot write that itself.</summary>
public sealed record ObservedExit(string Node, DateTimeOffset At);

/// <summary>What the checker judges by.</summary>
public sealed record OwnershipCheck
{
    /// <summary>The journals of all nodes.</summary>
    public required IReadOnlyList<JournalEntry> Journal { get; init; }

    /// <summary>The nodes' shared storage.</summary>
    public required string StorageDirectory { get; init; }

    /// <summary>What the writers were promised. Null: what the nodes' journals say was appended and not deleted.</summary>
    public IReadOnlyList<AcknowledgedRow>? Acknowledged { get; init; }

    /// <summary>Who owned what. Null: who served is not judged.</summary>
    public OwnershipHistory? Owners { get; init; }

    /// <summary>Killed processes. Without it a killed run's bases count as open until the next run of its node, or to the end.</summary>
    public IReadOnlyList<ObservedExit> Exits { get; init; } = [];

    /// <summary>
    /// How far the times in <see cref="Owners"/> may be off: what a watch takes to tell a change. Zero where the witness writes the change itself.
    /// Larger overlooks more of what happens right at a change; a wrong node at any other time is found whatever this is.
    /// </summary>
    public TimeSpan OwnerSlack { get; init; }
}
