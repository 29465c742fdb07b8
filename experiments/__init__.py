"""One thin file per entry point of MLproject: parse, load, call, track."""
