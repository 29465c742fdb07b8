from mnist_tradeoff.system.plain import MAX_ERROR, error_line


def test_of_an_endless_error_the_beginning_and_the_reason_are_told():
    line = error_line(f"model '{'8C3-' * 5_000}'\nis too long: see --help")
    assert len(line) == MAX_ERROR
    assert line.startswith("model '8C3-")
    assert line.endswith("is too long: see --help")
