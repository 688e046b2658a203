using System.Collections.Immutable;
using BucketProxy.Cluster.View;

namespace BucketProxy.Gateway.Gating;

/// <summary>One decision of <see cref="GateParticipant"/>, step by step.</summary>
internal sealed partial class GateTurn(GateInput input)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly GateAgentOptions _options = input.Options;
    private GateState _state = input.State;
    private bool _kill;
    private bool _stop;
    private bool _start;
    private bool _register;
    private bool _leave;
    private ImmutableArray<ReleaseWish> _release = [];
    private TimeSpan? _wakeAt;

    /// <summary>G1, G4: until a server that is asked to save now has had its time and is dead, the lease lives for certain.</summary>
    private bool LeaseIsSafe => _state.CreatedAt > 0 && input.LeaseRemaining is { } left && left > _options.StopMargin;

    private bool IsPublished => _state.Step is ServerStep.Running or ServerStep.Draining && _state.Incarnation == _state.Run
        && _state.Run is not null && _state.PublishedAt > 0;

    /// <summary>What came back goes into the standing.</summary>
    public void Observe()
    {
        foreach (var e in input.Events)
        {
            _state = e switch
            {
                GateRegistered registered => Registered(registered.Revision),
                GateRefused => _state with { NotBefore = input.Now + FirstPause },
                GateWritten written => Written(written),
                GateOverwritten or GateLeft => Lost(),
                ServerStarted { Incarnation: { } run } => _state with { Run = run },
                ServerStarted => Failed() with { Step = ServerStep.None, Run = null },
                ServerAnswered answered when answered.Incarnation == _state.Run && _state.Step == ServerStep.Starting => Answered(),
                ServerEnded ended when ended.Incarnation == _state.Run => Ended(ended.HasSaved),
                BucketReleased released => Released(released),
                _ => _state,
            };
        }
    }

    private GateState Registered(long revision) => _state with
    {
        CreatedAt = revision,
        Written = null,
        PublishedAt = 0,
        // G9: a gate before this one may have had to kill its server just before.
        LateUntil = Later(_state.LateUntil, input.Now + _options.LateSaveTime),
    };

    private GateState Written(GateWritten written)
    {
        if (_state.CreatedAt == 0)
            return _state;
        var isNew = written.Record.Incarnation is { } run && run != _state.Written?.Incarnation;
        return _state with
        {
            Written = written.Record,
            PublishedAt = written.Record.Incarnation is null ? 0 : isNew ? written.Revision : _state.PublishedAt,
        };
    }

    private GateState Answered() => _state with
    {
        Step = ServerStep.Running,
        Since = input.Now,
        Incarnation = _state.Run,
        LastIncarnation = _state.Run,
        FailedStarts = 0,
        // One that is not supervised was started by somebody else, at a time that nobody told.
        StartTook = _options.Supervised ? input.Now - _state.Since : null,
        RestartTook = _state.RestartedAt is { } at ? input.Now - at : _state.RestartTook,
        RestartedAt = null,
    };

    private GateState Ended(bool hasSaved)
    {
        var held = _state.Incarnation == _state.Run;
        var next = _state with { Step = ServerStep.None, Run = null, Since = input.Now, RestartFor = GateState.Moves, Asked = GateState.Moves };
        if (!held)
        {
            // It holds no base that the cluster knows of: it never answered, or its key is gone and it was killed for that.
            return _state.LastIncarnation == _state.Run ? next : Failed() with { Step = ServerStep.None, Run = null, Since = input.Now };
        }
        if (!hasSaved)
        {
            // G8: its buckets are orphans, and nothing more can be released by it.
            return next with { Exited = _state.Run, LateUntil = input.Now + _options.LateSaveTime, RestartedAt = null };
        }
        // G3: what it was stopped for is saved and out of every memory, if nothing was in flight when it was asked to stop.
        return next with { Incarnation = null, Released = _state.Released.SetItems(_state.RestartFor), RestartedAt = _state.RestartedAt ?? input.Now };
    }

    private GateState Failed()
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(_state.FailedStarts, 10));
        return _state with
        {
            FailedStarts = _state.FailedStarts + 1,
            NotBefore = input.Now + (pause < LongestPause ? pause : LongestPause),
        };
    }

    private GateState Released(BucketReleased released)
    {
        if (_state.Asked.GetValueOrDefault(released.Bucket) != released.Move)
            return _state;
        return released.Failure is { } why
            ? _state with { Failures = _state.Failures.SetItem(released.Bucket, why) }
            : _state with { Released = _state.Released.SetItem(released.Bucket, released.Move), Failures = _state.Failures.Remove(released.Bucket) };
    }

    /// <summary>Whether the key stands, and when it is created.</summary>
    public void KeepLease()
    {
        if (_state.CreatedAt > 0 && (input.LeaseRemaining is null || IsGone()))
            _state = Lost();
        if (!_options.Supervised && input.ServerIsGone)
        {
            _leave = _state.CreatedAt > 0;
            return;
        }
        // G7: a key of before has gone, or will; the run that it vouched for must have gone before it.
        var isAlone = _state is { Run: null, Step: not ServerStep.Starting } || !_options.Supervised || input.Has(GateMutations.RegisterWhileRunning);
        if (_state.CreatedAt == 0 && isAlone && Passed(_state.NotBefore))
        {
            _register = true;
        }
    }

    // The lease may have been ended early, or the key deleted: whoever sees that may grant the buckets to others.
    private bool IsGone() => input.View is { } view && view.Revision >= _state.CreatedAt
        && (!view.Gates.TryGetValue(_options.NodeId, out var gate) || gate.Instance != _options.Instance);

    private GateState Lost() => _state with
    {
        CreatedAt = 0,
        Written = null,
        PublishedAt = 0,
        Released = GateState.Moves,
        Incarnation = _options.Supervised ? null : _state.Incarnation,
        Exited = null,
        RestartedAt = null,
    };

    /// <summary>G4, G6: the server's life.</summary>
    public void KeepServer()
    {
        if (!_options.Supervised)
        {
            // Whatever answers there is the server; it is never the gate's to start or end.
            if (_state.Step == ServerStep.None)
                _state = _state with { Step = ServerStep.Starting, Run = Unsupervised, Since = input.Now };
            return;
        }
        // G4: at the deadline it is dead. The key is gone: nobody says how much time is left, so at once.
        if (_state.Run is not null && !input.Has(GateMutations.NeverKill)
            && (_state.CreatedAt == 0 || input.LeaseRemaining is not { } left || left <= _options.Margin))
        {
            _kill = true;
        }
        if (_state.Run is not null && !LeaseIsSafe && _state.Step is not (ServerStep.Stopping or ServerStep.None))
            Stop();
        if (LeaseIsSafe)
            Wake(input.Now + (input.LeaseRemaining!.Value - _options.StopMargin));
        else if (_state.Run is not null && input.LeaseRemaining is { } rest && rest > _options.Margin)
            Wake(input.Now + (rest - _options.Margin));

        switch (_state.Step)
        {
            case ServerStep.None when (LeaseIsSafe || input.Has(GateMutations.StartWithoutLease)) && Passed(_state.NotBefore):
                _start = true;
                _state = _state with { Step = ServerStep.Starting, Since = input.Now };
                break;
            case ServerStep.Starting when _state.Run is not null && Passed(_state.Since + _options.StartTimeout):
                Stop();
                break;
            case ServerStep.Stopping when Passed(_state.Since + _options.SaveTime):
                _kill = true;
                break;
        }
        // A restart that does not come back: its buckets are orphans.
        if (_state is { Incarnation: null, RestartedAt: { } at, LastIncarnation: { } last } && Passed(at + _options.StartTimeout))
            _state = _state with { Incarnation = last, Exited = last, RestartedAt = null };
    }

    private void Stop()
    {
        _stop = true;
        _state = _state with { Step = ServerStep.Stopping, Since = input.Now };
        Wake(input.Now + _options.SaveTime);
    }

    /// <summary>What follows from all of it.</summary>
    public GateDecision End()
    {
        var record = _state.CreatedAt > 0 ? Record() : null;
        var write = record is not null && !Same(record, _state.Written) ? record : null;
        return new GateDecision
        {
            State = _state,
            IsOpen = IsOpen(),
            Kill = _kill,
            Stop = _stop,
            Start = _start,
            Register = _register,
            Leave = _leave,
            Write = write,
            Publishes = write is { HasExited: false, Incarnation: not null } && write.Incarnation != _state.Written?.Incarnation,
            Release = _release,
            WakeAt = _wakeAt,
        };
    }

    private bool IsOpen()
    {
        if (_state.Step != ServerStep.Running || _state.Run is null || !input.IsServing || input.ServerIsGone)
            return false;
        if (!LeaseIsSafe && !input.Has(GateMutations.AdmitWithoutLease))
            return false;
        // G6: published first, then read.
        if (!input.Has(GateMutations.AdmitBeforeRead)
            && (!IsPublished || _state.Written?.Incarnation != _state.Run || input.View is not { } view || view.Revision < _state.PublishedAt))
        {
            return false;
        }
        return !_options.Supervised || Passed(_state.LateUntil) || input.Has(GateMutations.OpenWithoutLateSave);
    }

    private GateRecord Record()
    {
        var ids = Leaving().Select(m => (Name: m.Bucket.ToString(), m.CreateRevision)).ToArray();
        return new GateRecord
        {
            Instance = _options.Instance,
            Incarnation = _state.Incarnation,
            Url = _options.LocalNodeUrl,
            Supervised = _options.Supervised,
            Release = _options.Release,
            LeaseSeconds = _options.LeaseTimeToLive.TotalSeconds,
            LateSaveSeconds = _options.LateSaveTime.TotalSeconds,
            SaveSeconds = _options.SaveTime.TotalSeconds,
            RestartSeconds = Seconds(_state.RestartTook),
            StartSeconds = Seconds(_state.StartTook),
            Exited = _state.Exited,
            Silent = ids.Where(m => input.Silent.GetValueOrDefault(m.Name) == m.CreateRevision)
                .ToImmutableSortedDictionary(m => m.Name, m => m.CreateRevision, StringComparer.Ordinal),
            Released = _state.Released,
            Busy = input.Busy.RemoveRange(input.Busy.Keys.Where(b => !ids.Any(m => m.Name == b)).ToArray()).SetItems(_state.Failures),
            Version = _options.Version,
        };
    }

    private static double? Seconds(TimeSpan? time) => time is { } took ? Math.Round(took.TotalSeconds, 1) : null;

    private static bool Same(GateRecord record, GateRecord? written) =>
        written is not null && record.Silent.SequenceEqual(written.Silent) && record.Released.SequenceEqual(written.Released)
        && record.Busy.SequenceEqual(written.Busy)
        && record with { Silent = written.Silent, Released = written.Released, Busy = written.Busy } == written;

    private bool Passed(TimeSpan time)
    {
        if (input.Now >= time)
            return true;
        Wake(time);
        return false;
    }

    private void Wake(TimeSpan time)
    {
        if (_wakeAt is not { } already || time < already)
            _wakeAt = time;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>What stands for the run of a server whose process is not the gate's.</summary>
    public const string Unsupervised = "unsupervised";
}
