using System.Reflection;
using System.Runtime.CompilerServices;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Support;

/// <summary>Every test is watched.</summary>
internal static class Watched
{
#pragma warning disable CA2255 // A test project.
    [ModuleInitializer]
    internal static void Begin()
#pragma warning restore CA2255
    {
        // Not in a process of a test: one runs out of descriptors, and this needs some.
        if (Assembly.GetEntryAssembly() != typeof(Watched).Assembly)
            IoWatchdog.Begin();
    }
}
