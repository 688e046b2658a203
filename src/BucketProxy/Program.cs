using BucketProxy.Commands;
using BucketProxy.Commands.Root;
using BucketProxy.Supervision;

// Before anything else: it starts with every run of a gate's server, and what it does not load cannot fail.
if (args is [Fuse.Command, .. var rest])
    return Fuse.Run(rest);

return await CommandLine.RunAsync(args, CommandEnvironment.OfProcess());
