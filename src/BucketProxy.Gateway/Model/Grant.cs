using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Nodes;

namespace BucketProxy.Gateway.Model;

/// <summary>One attempt's grant. The request is counted in flight in its entry until <see cref="Leave"/> (S2).</summary>
/// <param name="entry">Entered; left exactly once, here.</param>
/// <param name="link">The owner's.</param>
/// <param name="held">How long the request was held.</param>
internal sealed class Grant(RoutingEntry entry, NodeLink link, TimeSpan held) : IGrantFeature
{
    private bool _hasLeft;
    private bool _isRefused;
    private TableMark? _told;

    public RoutingEntry Entry => entry;

    public NodeLink Link => link;

    public NodeRecord Node => link.Node;

    public long Epoch => entry.Epoch;

    public TimeSpan Held => held;

    /// <summary>The tunnel stage found that the grant is not good any more. Nothing was sent: the grant stage looks again.</summary>
    public bool IsOutdated { get; set; }

    /// <summary>The owner's gate refused the request: nothing was sent.</summary>
    /// <param name="told">The table by which it said so; null: none that this version knows.</param>
    public void NoteRefusal(TableMark? told)
    {
        _isRefused = true;
        _told = told;
    }

    /// <summary>Whether the owner's gate refused the request since this was asked last.</summary>
    public bool TakeRefusal(out TableMark? told)
    {
        told = _told;
        var isRefused = _isRefused;
        _isRefused = false;
        return isRefused;
    }

    /// <summary>Counts the request out. By the request's own flow only; a second call does nothing.</summary>
    public void Leave()
    {
        if (_hasLeft)
            return;
        _hasLeft = true;
        entry.Leave();
    }
}
