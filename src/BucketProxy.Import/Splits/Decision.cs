namespace BucketProxy.Import.Splits;

/// <summary>What a configuration makes of a request: asks conditions, one after the other, and comes to a value.</summary>
internal abstract record Decision<T>
{
    private Decision()
    {
    }

    /// <summary>Goes on with each value that it may come to.</summary>
    public abstract Decision<TNext> Then<TNext>(Func<T, Decision<TNext>> next);

    /// <summary>It has come to a value.</summary>
    public sealed record Is(T Value) : Decision<T>
    {
        public override Decision<TNext> Then<TNext>(Func<T, Decision<TNext>> next) => next(Value);
    }

    /// <summary>It asks.</summary>
    public sealed record Asks(Condition Condition, Decision<T> IfSo, Decision<T> Else) : Decision<T>
    {
        // Else-chains are as long as a map: no recursion along them.
        public override Decision<TNext> Then<TNext>(Func<T, Decision<TNext>> next)
        {
            var chain = new List<Asks>();
            Decision<T> at = this;
            for (; at is Asks asks; at = asks.Else)
                chain.Add(asks);
            var result = at.Then(next);
            for (var i = chain.Count - 1; i >= 0; i--)
                result = new Decision<TNext>.Asks(chain[i].Condition, chain[i].IfSo.Then(next), result);
            return result;
        }
    }
}
