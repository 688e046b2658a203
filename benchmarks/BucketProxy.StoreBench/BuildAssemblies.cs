using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace BucketProxy.StoreBench;

/// <summary>Takes the assemblies that this program lacks, and their native libraries, from a build of BucketProxy.</summary>
internal static class BuildAssemblies
{
    public static void UseThoseOf(string folder)
    {
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            Path.Combine(folder, name.Name + ".dll") is var path && File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) =>
            Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", $"lib{name}.so") is var path && File.Exists(path)
                ? NativeLibrary.Load(path)
                : 0;
    }
}
