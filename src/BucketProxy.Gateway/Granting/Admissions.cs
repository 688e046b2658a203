using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Options;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Granting;

/// <summary>The one place where requests enter their entries: by the table alone at a proxy, by the table and the lease at a gate.</summary>
internal sealed class Admissions(CurrentTable current, GatewayOptions options)
{
    private readonly GateAdmission? _gate = options.Gate;

    /// <summary>The published table.</summary>
    public RoutingTable Table => current.Table;

    /// <summary>Whether the request is at a gate, and another proxy or gate sent it.</summary>
    public bool IsMarked(HttpContext context) => _gate is not null && context.Features[typeof(IMarkFeature)] is not null;

    /// <summary>Whether a newer table may make a request this port's. Not so at a gate whose lease has ended.</summary>
    public bool MayAdmit => _gate is null || _gate.LeaseIsValid();

    /// <summary>Finds the base's entry and counts the request in, if it may go to the owner.</summary>
    /// <param name="id">The base.</param>
    /// <param name="isMarked">As <see cref="IsMarked"/> says.</param>
    /// <param name="entry">The entry. If true, leave it once.</param>
    public bool TryEnter(BaseId id, bool isMarked, out RoutingEntry entry)
    {
        if (!current.TryEnter(id, out entry))
            return false;
        // G1: counted in, the table read again, and only then the clock: whoever waits for silence behind the lease's end sees the count.
        if (_gate is null || _gate.Judge(entry, isMarked) == Verdict.Send)
            return true;
        entry.Leave();
        return false;
    }
}
