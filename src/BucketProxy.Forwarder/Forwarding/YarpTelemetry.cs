using System.Reflection;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>YARP's own event source, <c>Yarp.ReverseProxy</c>, so that whoever watches it sees these requests too.</summary>
/// <remarks>Its class is YARP's own affair: its methods are bound by name, once. Where a version of YARP has others, nothing is told.</remarks>
internal static class YarpTelemetry
{
    private static readonly object? Log = Type()?.GetField("Log", BindingFlags.Public | BindingFlags.Static)?.GetValue(null);
    private static readonly Action<string>? StartMethod = Bind<Action<string>>("ForwarderStart", typeof(string));
    private static readonly Action<int>? StopMethod = Bind<Action<int>>("ForwarderStop", typeof(int));
    private static readonly Action<ForwarderError>? FailedMethod = Bind<Action<ForwarderError>>("ForwarderFailed", typeof(ForwarderError));

    /// <summary>Every figure is told.</summary>
    public static bool IsComplete => StartMethod is not null && StopMethod is not null && FailedMethod is not null;

    public static void Start(string destinationPrefix) => StartMethod?.Invoke(destinationPrefix);

    public static void Stop(int status) => StopMethod?.Invoke(status);

    public static void Failed(ForwarderError error) => FailedMethod?.Invoke(error);

    private static Type? Type() => typeof(IHttpForwarder).Assembly.GetType("Yarp.ReverseProxy.Forwarder.ForwarderTelemetry");

    private static TMethod? Bind<TMethod>(string name, Type parameter)
        where TMethod : Delegate =>
        Log is null ? null : Type()?.GetMethod(name, BindingFlags.Public | BindingFlags.Instance, [parameter])?.CreateDelegate<TMethod>(Log);
}
