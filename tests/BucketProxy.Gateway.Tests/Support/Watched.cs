using System.Runtime.CompilerServices;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>Every test is watched. What a thread is at is said by a middleware of <see cref="GatewayUnderTest"/>.</summary>
internal static class Watched
{
#pragma warning disable CA2255 // A test project.
    [ModuleInitializer]
    internal static void Begin()
#pragma warning restore CA2255
    {
        IoWatchdog.Begin();
    }
}
