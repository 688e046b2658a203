namespace BucketProxy.Gateway.Nodes;

/// <summary>Whether connections to nodes may be made.</summary>
internal sealed class ConnectGate
{
    private volatile bool _isShut;

    public bool IsShut
    {
        get => _isShut;
        set => _isShut = value;
    }
}
