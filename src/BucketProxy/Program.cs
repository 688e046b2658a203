using BucketProxy.Commands;

return await CommandLine.RunAsync(args, CommandEnvironment.OfProcess());
