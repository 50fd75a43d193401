"""What a run leaves behind: files that come back whole, tables, bytes for the browser, words."""

import csv
import io
import json
from dataclasses import fields, replace

import numpy as np
import pytest

from letkeman_viz import Recording, train, train_one
from letkeman_viz.initializers import Constant

ARRAYS = [
    "inputs",
    "targets",
    "steps",
    "parameters",
    "gradient",
    "loss",
    "presented",
    "correct_after",
]


@pytest.fixture(scope="module")
def run():
    """A thinned run on the whole table."""
    return train("kaiming", 0.5, epochs=60, seed=3, max_frames=20, activation="tanh")


@pytest.fixture(scope="module")
def solved():
    return train_one(max_frames=20)


@pytest.fixture(scope="module")
def diverged():
    return train(Constant("broken", "Broken", np.nan), epochs=5)


@pytest.fixture(params=["run", "solved", "diverged", "untrained"])
def any_run(request):
    if request.param == "untrained":
        return train("ones", epochs=0)
    return request.getfixturevalue(request.param)


def saved_bytes(recording, tmp_path):
    return recording.save(tmp_path / "whole.npz").read_bytes()


# Files


def test_save_and_load_give_back_every_field(any_run, tmp_path):
    path = any_run.save(tmp_path / "run.npz")
    assert path == tmp_path / "run.npz"
    loaded = Recording.load(path)
    for field in fields(Recording):
        ours, theirs = getattr(any_run, field.name), getattr(loaded, field.name)
        assert type(ours) is type(theirs), field.name
        if field.name in ARRAYS:
            assert ours.dtype == theirs.dtype, field.name
            np.testing.assert_array_equal(theirs, ours, err_msg=field.name)
        elif ours == ours:  # not NaN
            assert theirs == ours, field.name
        else:
            assert theirs != theirs, field.name
    assert repr(loaded) == repr(any_run)


def test_paths_may_be_strings(run, tmp_path):
    path = run.save(str(tmp_path / "run.npz"))
    assert Recording.load(str(path)).loss.tolist() == run.loss.tolist()


def test_a_name_without_npz_is_kept(run, tmp_path):
    assert run.save(tmp_path / "plain").name == "plain"
    assert [file.name for file in tmp_path.iterdir()] == ["plain"]


def test_saving_replaces_the_old_file_and_leaves_nothing_else(run, solved, tmp_path):
    path = tmp_path / "run.npz"
    run.save(path)
    solved.save(path)
    assert Recording.load(path).ended == "solved"
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_a_failing_save_keeps_the_old_file(run, solved, tmp_path, monkeypatch):
    path = solved.save(tmp_path / "run.npz")
    before = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OSError, match="no space left"):
        run.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_others_may_read_a_saved_file_as_they_may_any_new_file(run, tmp_path):
    plain = tmp_path / "plain.txt"
    plain.touch()
    assert run.save(tmp_path / "run.npz").stat().st_mode == plain.stat().st_mode


def test_saving_into_a_missing_folder(run, tmp_path):
    with pytest.raises(FileNotFoundError):
        run.save(tmp_path / "nowhere" / "run.npz")


def test_loading_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        Recording.load(tmp_path / "nowhere.npz")


def test_settings_of_the_start_survive_a_file(tmp_path):
    run = train("ones", epochs=1, bias=0.5, shuffle=False)
    loaded = Recording.load(run.save(tmp_path / "run.npz"))
    assert (loaded.bias, loaded.shuffle) == (0.5, False)


def test_files_from_before_there_were_such_settings_load(run, tmp_path):
    path = run.save(tmp_path / "run.npz")
    with np.load(path) as file:
        content = {name: file[name] for name in file.files}
    settings = json.loads(str(content.pop("settings")))
    del settings["bias"], settings["shuffle"]
    np.savez(path, settings=np.array(json.dumps(settings)), **content)
    loaded = Recording.load(path)
    assert (loaded.bias, loaded.shuffle) == (0.0, True)
    assert np.array_equal(loaded.loss, run.loss)


def assert_refused(path, *words):
    with pytest.raises(ValueError, match="is not a saved Recording") as caught:
        Recording.load(path)
    for word in (path.name, *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated_files_are_refused(run, tmp_path, share):
    whole = saved_bytes(run, tmp_path)
    path = tmp_path / "cut.npz"
    path.write_bytes(whole[: int(share * len(whole))])
    assert_refused(path)


def test_files_with_a_flipped_byte_are_refused_or_harmless(run, tmp_path):
    whole = saved_bytes(run, tmp_path)
    path = tmp_path / "flipped.npz"
    refused = 0
    for place in range(0, len(whole), 61):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:  # a time stamp may well have another value
            assert np.array_equal(Recording.load(path).parameters, run.parameters)
        except ValueError as error:
            assert "flipped.npz is not a saved Recording" in str(error)  # noqa: PT017 (either way is fine)
            refused += 1
    assert refused > len(whole) / 61 / 2


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"not a file of numbers",
        bytes(1000),
        b"PK\x03\x04" + bytes(100),
        npy(np.zeros(3)),
        npz(weights=np.zeros(3)),
        npz(settings=np.array("{}")),
        npz(settings=np.array("{"), **{name: np.zeros(1) for name in ARRAYS}),
        npz(settings=np.array("[]"), **{name: np.zeros(1) for name in ARRAYS}),
    ],
    ids=["text", "zeros", "zip head", "npy", "other npz", "no arrays", "bad json", "json list"],
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    assert_refused(path)


def tampered(recording, tmp_path, **changes):
    """A saved recording with some settings or arrays replaced by what a function makes of them."""
    with np.load(recording.save(tmp_path / "whole.npz")) as file:
        content = {name: file[name] for name in file.files}
    settings = json.loads(str(content.pop("settings")))
    for name, change in changes.items():
        place = content if name in content else settings
        place[name] = change(place[name])
    path = tmp_path / "tampered.npz"
    np.savez(path, settings=np.array(json.dumps(settings)), **content)
    return path


def test_an_untouched_copy_is_accepted(run, tmp_path):
    assert Recording.load(tampered(run, tmp_path)).seed == run.seed


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("schema", lambda schema: schema + 1, ["schema 2"]),
        ("layer_sizes", lambda sizes: [5, 8, 5], ["parameters"]),
        ("layer_sizes", lambda sizes: [5, 0, 5], ["layer_sizes[1]"]),
        ("layer_sizes", lambda sizes: 5, []),
        ("activation", lambda activation: "gelu", ["activation"]),
        ("ended", lambda ended: "well", ["ended", "'well'"]),
        ("inputs", lambda a: a[:, :4], ["inputs"]),
        ("inputs", lambda a: a[:31], ["targets"]),
        ("targets", lambda a: a[:, :4], ["targets"]),
        ("parameters", lambda a: a[:, :-1], ["parameters"]),
        ("parameters", lambda a: a[:-1], ["parameters"]),
        ("gradient", lambda a: a[:, :-1], ["gradient"]),
        ("presented", lambda a: a[:-1], ["presented"]),
        ("correct_after", lambda a: a[:-1], ["correct_after"]),
        ("correct_after", lambda a: a[:, None], ["correct_after"]),
        ("loss", lambda a: a[:-1], []),
        ("loss", lambda a: a[:, None], ["loss"]),
        ("loss", lambda a: a[0], []),
        ("steps", lambda a: a[:-1], []),
        ("steps", lambda a: a[:, None], ["steps"]),
        ("steps", lambda a: a + 10**6, ["steps"]),
        ("steps", lambda a: a[::-1], ["steps"]),
        ("steps", lambda a: a - 1, ["steps"]),
        ("parameters", lambda a: a.astype("U8"), ["parameters"]),
        ("steps", lambda a: a + 0.25, ["steps"]),
    ],
)
def test_tampered_files_are_refused(run, tmp_path, name, change, words):
    assert_refused(tampered(run, tmp_path, **{name: change}), *words)


def test_a_file_that_ought_to_run_code_is_refused(run, tmp_path):
    class Attack:
        def __reduce__(self):
            return (tmp_path.joinpath("attacked").touch, ())

    path = tmp_path / "evil.npz"
    np.savez(path, settings=np.array(Attack(), dtype=object))
    assert_refused(path)
    assert not (tmp_path / "attacked").exists()


# CSV


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_has_every_step_and_every_digit(run, tmp_path):
    path = run.to_csv(tmp_path / "run.csv")
    rows = read_csv(path)
    layers = ["gradient_layer_1", "gradient_layer_2", "gradient_layer_3"]
    assert list(rows[0]) == ["step", "loss", "correct_as_presented", "correct_after", *layers]
    assert [int(row["step"]) for row in rows] == list(range(61))
    assert [float(row["loss"]) for row in rows] == run.curve("loss").tolist()
    assert [int(row["correct_after"]) for row in rows] == run.curve("correct_after").tolist()
    assert rows[0]["correct_as_presented"] == ""  # nothing had been presented yet
    assert [int(row["correct_as_presented"]) for row in rows[1:]] == run.correct.tolist()
    for k, layer in enumerate(layers):
        kept = {int(row["step"]): float(row[layer]) for row in rows if row[layer]}
        assert kept == dict(zip(run.steps.tolist(), run.gradient[:, k].tolist(), strict=True))


def test_csv_of_a_run_that_diverged(diverged, tmp_path):
    rows = read_csv(diverged.to_csv(str(tmp_path / "run.csv")))
    assert [row["loss"] for row in rows] == ["nan", "nan"]
    assert [row["correct_after"] for row in rows] == ["0", "0"]


# Frames, curves, words


def test_parameters_at_counts_from_both_ends(run):
    for frame in range(len(run)):
        for there, back in zip(run.parameters_at(frame), run.parameters_at(frame - len(run)), strict=True):
            assert np.array_equal(there[0], back[0])
            assert np.array_equal(there[1], back[1])
    shapes = [(weights.shape, biases.shape) for weights, biases in run.parameters_at(-1)]
    assert shapes == [((5, 8), (8,)), ((8, 8), (8,)), ((8, 5), (5,))]
    flat = np.concatenate([part.ravel() for layer in run.parameters_at(-1) for part in layer])
    assert np.array_equal(flat, run.parameters[-1])


@pytest.mark.parametrize("beyond", [0, 1, 1000])
def test_parameters_at_refuses_frames_that_do_not_exist(run, beyond):
    for frame in (len(run) + beyond, -len(run) - 1 - beyond):
        with pytest.raises(IndexError, match=f"frame {frame} .* 0 to {len(run) - 1}"):
            run.parameters_at(frame)


@pytest.mark.parametrize("name", ["loss", "correct_after"])
def test_curves_start_before_training(run, name):
    start = {"loss": run.start_loss, "correct_after": run.start_correct}[name]
    assert run.curve(name).tolist() == [start, *getattr(run, name).tolist()]


@pytest.mark.parametrize("name", ["accuracy", "correct", ""])
def test_unknown_curves_are_refused(run, name):
    with pytest.raises(ValueError, match=f"curve '{name}' .*loss, correct_after"):
        run.curve(name)


def test_reasons(run, solved, diverged):
    assert run.reason == "ran 60 epochs"
    assert solved.reason == "right after 337 updates"
    assert train_one(max_updates=9).reason == "ran 9 updates"
    assert diverged.reason == "stopped at epoch 1: the weights overflowed to infinity or NaN"
    quick = train("kaiming", 2.0, 300, layer_sizes=(3, 8, 3))
    assert quick.reason == f"ran 300 epochs, all 8 right after epoch {quick.solved_at}"


def test_repr_says_what_it_is(run, solved):
    assert repr(run) == f"<Recording: Kaiming, seed 3, ran 60 epochs; {len(run)} frames>"
    assert repr(solved) == f"<Recording: All ones, seed 1, right after 337 updates; {len(solved)} frames>"


def test_solved_at_is_the_first_time_not_the_last(run):
    after = np.zeros(60, dtype=np.int64)
    after[[10, 20]] = 32
    assert replace(run, correct_after=after).solved_at == 11
    assert replace(run, correct_after=after, start_correct=32).solved_at == 0
    assert replace(run, correct_after=np.full(60, 31), start_correct=31).solved_at is None
