namespace BucketProxy.Structure.Tests.Packages;

/// <summary>A package that comes with the program.</summary>
/// <param name="Name">As NuGet spells it.</param>
/// <param name="Version">What was resolved.</param>
/// <param name="Licence">The SPDX expression, or where the licence stands.</param>
/// <param name="BroughtBy">The packages that need it; empty: none, it is here for us.</param>
internal sealed record Package(string Name, string Version, string Licence, IReadOnlyList<string> BroughtBy);
