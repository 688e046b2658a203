using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// The monitor's mind, a pure function: <c>(view, what was measured, now) → (what to do, what to remember)</c>.
/// </summary>
/// <remarks>
/// Level-triggered: it looks at how things are, never at what happened, so a new leader goes on from any state it finds.
/// Everything it wants done is guarded by the very values that it decided on; what has changed meanwhile is refused by the
/// store and decided anew. The shell, the simulation and the exhaustive search all call this.
/// </remarks>
internal static class Reconciler
{
    public static ReconcileResult Decide(ReconcileInput input)
    {
        var state = Observation.Apply(input.State, input);
        var turn = new Turn(input) { State = state };

        // :: Step 1: may this leader decide at all, on this view?
        if (input.NotAdopted is { } reason)
        {
            turn.Raise(Alarm.NotAdopted(reason));
            return turn.End();
        }
        if (input.View.Revision < state.SeenRevision)
            return new ReconcileResult { State = state, Waiting = true };
        if (input.View.Leader?.CreateRevision != input.LeaderRevision)
            return new ReconcileResult { State = state, Deposed = true };

        // :: Step 2: what is there?
        Observation.Nodes(turn);
        Silence.Observe(turn);
        GrantWatch.Observe(turn);
        foreach (var problem in input.View.Problems.Values)
        {
            if (problem.UnknownOwner)
            {
                turn.Raise(AlarmKind.UnknownOwner, problem.Key, $"No such server is known, but {problem.Reason}.",
                    "Start it, or correct the name where it was given. Until then requests for these bases wait, then get 503.");
            }
            else
            {
                turn.Raise(AlarmKind.UnreadableKey, problem.Key, $"It cannot be read: {problem.Reason}.",
                    "Correct the value. Until then its last good one counts.");
            }
        }
        MassLoss.Guard(turn);

        // :: Step 3: keep the books, before anything is given to anybody.
        KnownNodeKeeping.Run(turn);
        RegistrarStep.Run(turn);
        ProcessGoneStep.Run(turn);
        if (!turn.Frozen)
            GrantWatch.Mend(turn);

        // :: Step 4: moves that stand go on, whoever began them.
        StandingMoves.Advance(turn);

        // :: Step 5: new ones, the most urgent first.
        var starts = new Starts(turn);
        RequiredMoves.Run(turn, starts);
        OrderProgress.Run(turn, starts);
        AutoRebalance.Run(turn);
        starts.RaiseAlarms();

        ReportKeeping.Run(turn);
        return turn.End();
    }
}
