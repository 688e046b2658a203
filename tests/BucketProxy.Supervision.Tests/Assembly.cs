// Each test holds processes of this one process, and one of them kills whatever this process adopts.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
