using BucketProxy.Commands;
using BucketProxy.Commands.Root;

return await CommandLine.RunAsync(args, CommandEnvironment.OfProcess());
