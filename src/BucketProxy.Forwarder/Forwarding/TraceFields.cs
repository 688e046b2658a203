using System.Diagnostics;
using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The trace context of the current activity, as the process's propagator writes it. It replaces what the client sent of it.</summary>
internal static class TraceFields
{
    /// <summary>Whether a header of that name gives way.</summary>
    public static bool Replaces(string name)
    {
        foreach (var field in DistributedContextPropagator.Current.Fields)
        {
            if (field.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    /// <summary>Writes its headers.</summary>
    public static void Write(ref HeadWriter to, Activity activity)
    {
        var fields = new List<(string Name, string Value)>();
        DistributedContextPropagator.Current.Inject(
            activity, fields, static (all, name, value) => ((List<(string, string)>)all!).Add((name, value)));
        foreach (var (name, value) in fields)
            to.Field(name, value);
    }
}
