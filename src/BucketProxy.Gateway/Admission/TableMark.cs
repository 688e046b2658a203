using System.Globalization;
using BucketProxy.Core.Routing;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Gateway.Admission;

/// <summary>
/// Of which table somebody speaks: the header <c>BucketProxy-Table</c>. On a request to a gate it says "a BucketProxy sends this, by this table"; on a 421 of a gate "nothing was
/// sent, by this table". A client's own is never passed on, nor is a server's.
/// </summary>
/// <param name="Store">The store that the table mirrors.</param>
/// <param name="Revision">The store's revision that it mirrors.</param>
internal readonly record struct TableMark(ulong Store, long Revision)
{
    /// <summary>The header's name.</summary>
    public const string HeaderName = "BucketProxy-Table";

    private const int StoreDigits = 16;

    /// <summary>The mark of a table.</summary>
    public static TableMark Of(RoutingTable table) => new(table.ClusterId, table.Revision);

    /// <summary>Reads a header's value; null where it is none that this version knows.</summary>
    public static TableMark? Read(StringValues header)
    {
        if (header.Count != 1 || header[0] is not { Length: > StoreDigits + 1 } text || text[StoreDigits] != '-')
            return null;
        return ulong.TryParse(text.AsSpan(0, StoreDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var store)
            && long.TryParse(text.AsSpan(StoreDigits + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? new TableMark(store, revision)
            : null;
    }

    /// <summary>Whether a table is of the same store, and older: it will come to this revision.</summary>
    public bool IsAheadOf(RoutingTable table) => Store == table.ClusterId && Revision > table.Revision;

    /// <summary>The header's value: 16 hexadecimal digits, a hyphen, and the revision.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Store:x16}-{Revision}");
}
