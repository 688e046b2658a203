using System.Net;
using System.Net.Sockets;
using BucketProxy.Forwarder.Loops;
using FsCheck;
using FsCheck.Fluent;

namespace BucketProxy.Forwarder.Tests.Loops;

public sealed class SocketAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1", 80)]
    [InlineData("0.0.0.0", 0)]
    [InlineData("255.255.255.255", 65535)]
    [InlineData("::1", 443)]
    [InlineData("2001:db8::ff00:42:8329", 8080)]
    [InlineData("fe80::1%3", 1)]
    public void Write_AsTheFrameworkDoes_AndReadComesBack(string text, int port)
    {
        var endpoint = new IPEndPoint(IPAddress.Parse(text), port);
        var theirs = endpoint.Serialize();
        var ours = new byte[SocketAddresses.Longest];
        Array.Fill(ours, (byte)0xee);

        var length = SocketAddresses.Write(endpoint.Address, port, ours);

        Assert.Equal(theirs.Buffer[..theirs.Size].ToArray(), ours[..length]);
        Assert.Equal(endpoint, SocketAddresses.Read(ours.AsSpan(0, length)));
    }

    [Fact]
    public void Read_MappedAddress_BecomesWhatItIs()
    {
        var ours = new byte[SocketAddresses.Longest];

        var length = SocketAddresses.Write(IPAddress.Parse("::ffff:192.0.2.7"), 99, ours);

        Assert.Equal(SocketAddresses.Longest, length);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("192.0.2.7"), 99), SocketAddresses.Read(ours));
    }

    [Fact]
    public void Read_NoInternetAddress_Null()
    {
        var unix = new byte[SocketAddresses.Longest];
        unix[0] = 1;
        var cutOff = new byte[SocketAddresses.Longest];
        SocketAddresses.Write(IPAddress.IPv6Loopback, 1, cutOff);

        Assert.Null(SocketAddresses.Read(unix));
        Assert.Null(SocketAddresses.Read(cutOff.AsSpan(0, 16)));
        Assert.Null(SocketAddresses.Read([]));
    }

    [Fact]
    public void AnyAddress_RoundTrip()
    {
        var bytes = Gen.Choose(0, 255).Select(i => (byte)i);
        var address = Gen.OneOf(
            bytes.ArrayOf(4).Select(b => new IPAddress(b)),
            from b in bytes.ArrayOf(16) from scope in Gen.Choose(0, int.MaxValue) select new IPAddress(b, scope));
        var cases = from a in address from port in Gen.Choose(0, 65535) select new IPEndPoint(a, port);
        var check = Prop.ForAll(cases.ToArbitrary(), endpoint =>
        {
            var written = new byte[SocketAddresses.Longest];
            var length = SocketAddresses.Write(endpoint.Address, endpoint.Port, written);
            var expected = endpoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endpoint.Address.MapToIPv4(), endpoint.Port) : endpoint;
            return length == (endpoint.AddressFamily == AddressFamily.InterNetworkV6 ? 28 : 16)
                && expected.Equals(SocketAddresses.Read(written.AsSpan(0, length)));
        });
        // A failure prints the seed; give it to Config to replay.
        check.Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }
}
