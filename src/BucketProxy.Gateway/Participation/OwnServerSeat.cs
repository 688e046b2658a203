using BucketProxy.Core.Nodes;

namespace BucketProxy.Gateway.Participation;

/// <summary>
/// Where a gate says whether, and to which run of its server, requests may go; and where it learns which of its words is in force in the
/// published table. Thread-safe.
/// </summary>
public sealed class OwnServerSeat
{
    private OwnServer _wanted;
    private OwnServer? _inForce;
    private int _renewals;

    /// <summary>Makes it.</summary>
    /// <param name="first">What is wanted at first; usually closed.</param>
    public OwnServerSeat(OwnServer first) => _wanted = first;

    /// <summary>What the next table is to say.</summary>
    public OwnServer Wanted => Volatile.Read(ref _wanted);

    /// <summary>What the published table says; null: it says nothing of the gate's own server, or is closed.</summary>
    public OwnServer? InForce => Volatile.Read(ref _inForce);

    /// <summary>Called from any thread when <see cref="Wanted"/> has changed.</summary>
    public event Action? WantedChanged;

    /// <summary>Called from any thread when <see cref="InForce"/> has changed.</summary>
    public event Action? InForceChanged;

    /// <summary>Says what the next table is to say.</summary>
    public void Want(OwnServer own)
    {
        if (own == Wanted)
            return;
        Volatile.Write(ref _wanted, own);
        WantedChanged?.Invoke();
    }

    /// <summary>Asks for a table to be published although nothing in it has changed: who was refused by it looks again.</summary>
    public void Renew()
    {
        Interlocked.Exchange(ref _renewals, 1);
        WantedChanged?.Invoke();
    }

    internal bool TakeRenewal() => Interlocked.Exchange(ref _renewals, 0) != 0;

    internal void Published(OwnServer? own)
    {
        if (own == InForce)
            return;
        Volatile.Write(ref _inForce, own);
        InForceChanged?.Invoke();
    }
}
