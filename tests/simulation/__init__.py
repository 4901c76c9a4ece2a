"""A search for ways to make the program say what is not so, or lose work: see `driver`.

    python -m tests.simulation --seeds 10000 --jobs 2
    python -m tests.simulation --seed 4711 --verbose

Every run of a transfer is a real process: the worker's own entry, with its threads, its journal, its archives
on a real (RAM-backed) disk, and SFTP over a socket pair. Around it nothing is left to chance or time:

- `threads`: the threads of such a process take turns, and time only passes when all of them wait (`clock`);
- `process`: forks it, and hears of every step it takes on its disk (`steps`) and of every packet it sends;
- `server`: the Sharebox at the other end, with its files in memory and its oddities;
- `disk`: what a power cut would leave of what was written;
- `world`: all that there is, here and there, and what is true of it;
- `plan`: what a seed draws: bases, servers, faults and what the person does;
- `faults`: what can go wrong, each tied to an event;
- `driver`: carries a plan out;
- `invariants`: what must hold whatever happened;
- `seams`: the one place that knows the program's modules by their names.

What a seed did, it does again: the same events in the same order.
"""
