using System.Globalization;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Import.Tests.Beside;

/// <summary>Three servers that answer with their name, and with the target that they got.</summary>
internal sealed class TestServers : IAsyncDisposable
{
    /// <summary>The header that holds the target.</summary>
    public const string Seen = "X-Seen";

    private static readonly string[] Names = ["one", "two", "three"];

    private readonly RawServer[] _servers = [.. Names.Select(Server)];

    /// <summary>Where they listen.</summary>
    public IReadOnlyList<string> Addresses => [.. _servers.Select(Address)];

    /// <summary>The name of the server of a URL; the URL, where it is none of theirs.</summary>
    public string NameOf(string url) => Names.Zip(Addresses).FirstOrDefault(s => $"http://{s.Second}" == url).First ?? url;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    private static RawServer Server(string name) => new((request, wire) =>
        wire.SendAsync(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {name.Length}\r\n{Seen}: {request.Target}\r\n\r\n{name}")));

    private static string Address(RawServer server) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{server.Port}");
}
