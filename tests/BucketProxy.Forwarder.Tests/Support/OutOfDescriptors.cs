using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Support;

/// <summary>A listener in a process that runs out of descriptors.</summary>
internal static partial class OutOfDescriptors
{
    public const string Name = "out-of-descriptors";
    private const int NumberOfFiles = 7;

    public static async Task<int> RunAsync()
    {
        if (SetLimit(NumberOfFiles, new Limit { Soft = 300, Hard = 300 }) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        await using var listener = await new LoopTransportFactory(Accepted.Settings()).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        // Once while there are some: whatever has to be loaded is loaded then, and the runtime's timer has its thread.
        await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        using var first = await ConnectAsync(listener.EndPoint);
        await using (await listener.AcceptAsync())
        {
        }
        using var second = await ConnectAsync(listener.EndPoint);
        using var third = await ConnectAsync(listener.EndPoint);
        Console.WriteLine("It takes them all.");
        var taken = new Stack<(int, int)>();
        try
        {
            while (true)
                taken.Push(Pipes.Open());
        }
        catch (Win32Exception)
        {
            // A pair needs two.
        }
        var one = Odd();

        var accepting = listener.AcceptAsync().AsTask();
        Console.WriteLine(accepting.IsCompleted ? $"It did not wait: {accepting.Exception?.GetBaseException()}" : "It waits.");

        if (one >= 0)
            Pipes.Close(one);
        foreach (var (here, there) in taken)
        {
            Pipes.Close(here);
            Pipes.Close(there);
        }
        await using var secondConnection = await accepting.Within();
        await using var thirdConnection = await listener.AcceptAsync().AsTask().Within();
        Console.WriteLine(Equals(secondConnection?.RemoteEndPoint, second.LocalEndPoint) && Equals(thirdConnection?.RemoteEndPoint, third.LocalEndPoint)
            ? "It goes on." : "It does not go on.");
        return 0;
    }

    private static async Task<Socket> ConnectAsync(EndPoint to)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(to);
        return client;
    }

    /// <summary>The last one, where an odd number was left.</summary>
    private static int Odd() => Libc.CreateSocket(Libc.InterNetwork, Libc.StreamNonBlockCloseOnExec, 0);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
