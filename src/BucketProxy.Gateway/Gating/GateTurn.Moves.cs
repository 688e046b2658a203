using System.Collections.Immutable;
using BucketProxy.Cluster.View;

namespace BucketProxy.Gateway.Gating;

internal sealed partial class GateTurn
{
    /// <summary>G3: what is to leave this node, and how far that is.</summary>
    public void FollowMoves()
    {
        var leaving = Leaving().ToArray();
        var standing = leaving.Select(m => (Name: m.Bucket.ToString(), m.CreateRevision)).ToArray();
        _state = _state with
        {
            Released = Only(_state.Released),
            Asked = Only(_state.Asked),
            Failures = _state.Failures.RemoveRange(_state.Failures.Keys.Except(standing.Select(s => s.Name)).ToArray()),
        };
        // G9: a save of a dead run would come over what the new owner has loaded, whatever the present run lets go of.
        if (_options.Supervised && !Passed(_state.LateUntil) && !input.Has(GateMutations.ReleaseBeforeLateSave))
            return;
        ReleaseWhatNeverCame(leaving);
        if (_options.Release == ReleaseMode.Call)
            Call(leaving);
        if (_options.Release == ReleaseMode.Restart && _options.Supervised)
            Restart(leaving);

        ImmutableSortedDictionary<string, long> Only(ImmutableSortedDictionary<string, long> moves) =>
            moves.RemoveRange(moves.Where(m => !standing.Contains((m.Key, m.Value))).Select(m => m.Key).ToArray());
    }

    private IEnumerable<MoveRecord> Leaving() => input.View is null || _state.CreatedAt == 0 ? []
        : input.View.Moves.Values.Where(m => m.From == _options.NodeId && m.Phase != MovePhase.Settling && m.Reason != MoveReason.Orphan);

    private bool IsSilent(MoveRecord move) =>
        input.Silent.GetValueOrDefault(move.Bucket.ToString()) == move.CreateRevision || input.Has(GateMutations.ReleaseWhileInFlight);

    private void Call(MoveRecord[] leaving)
    {
        foreach (var move in leaving)
        {
            var name = move.Bucket.ToString();
            if (!IsSilent(move) || _state.Released.ContainsKey(name) || _state.Asked.ContainsKey(name))
                continue;
            if (input.Has(GateMutations.ReleaseWithoutServer))
            {
                _state = _state with { Released = _state.Released.SetItem(name, move.CreateRevision) };
                continue;
            }
            // A run that is not there holds nothing, but the next one may load the bucket: it is asked as soon as there is one.
            if (_state.Step is not (ServerStep.Running or ServerStep.Draining))
                continue;
            _release = _release.Add(new ReleaseWish(move.Bucket, move.Pin, move.Epoch, move.CreateRevision));
            _state = _state with { Asked = _state.Asked.SetItem(name, move.CreateRevision) };
        }
    }

    // One restart gives up everything that is quiet by then, so whatever is still falling silent is waited for.
    private void Restart(MoveRecord[] leaving)
    {
        if (_state.Step == ServerStep.Draining)
        {
            if (leaving.Length == 0)
            {
                _state = _state with { Step = ServerStep.Running, Since = input.Now, RestartFor = GateState.Moves };
            }
            else if (input.RunIsSilent)
            {
                // What came meanwhile leaves by the same restart.
                _state = _state with { RestartedAt = input.Now, RestartFor = MovesOf(leaving.Where(IsSilent)) };
                Stop();
            }
            else if (Passed(_state.Since + _options.DrainTime))
            {
                // Requests that run long must not close the node for all others. The leader gives the moves up, and tries again later.
                _state = _state with { Step = ServerStep.Running, Since = input.Now, RestartFor = GateState.Moves, NotBefore = input.Now + _options.DrainTime };
            }
            return;
        }
        // Before that, what leaves has never come into this run.
        if (_state.Step != ServerStep.Running || !IsKnown || !Passed(_state.NotBefore))
            return;
        var open = leaving.Where(m => !_state.Released.ContainsKey(m.Bucket.ToString())).ToArray();
        if (open.Length == 0 || !open.All(IsSilent))
            return;
        var moves = MovesOf(open);
        if (input.Has(GateMutations.ReleaseWithoutServer))
        {
            _state = _state with { Released = _state.Released.SetItems(moves) };
            return;
        }
        _state = _state with { Step = ServerStep.Draining, Since = input.Now, RestartFor = moves };
        Wake(input.Now + _options.DrainTime);
    }

    // The run is the one that the cluster knows.
    private bool IsKnown => IsPublished && _state.Written?.Incarnation == _state.Run;

    // What was on its way out before this run was published never came into its memory.
    private void ReleaseWhatNeverCame(MoveRecord[] leaving)
    {
        if (!_options.Supervised || !IsKnown)
            return;
        _state = _state with
        {
            Released = _state.Released.SetItems(MovesOf(leaving.Where(m => m.CreateRevision < _state.PublishedAt && IsSilent(m)))),
        };
    }

    private static ImmutableSortedDictionary<string, long> MovesOf(IEnumerable<MoveRecord> moves) =>
        moves.ToImmutableSortedDictionary(m => m.Bucket.ToString(), m => m.CreateRevision, StringComparer.Ordinal);
}
