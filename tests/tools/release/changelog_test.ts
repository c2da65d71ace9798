import assert from "node:assert/strict";
import {
  notesOf,
  releasedChangelog,
} from "../../../tools/release/changelog.ts";

const CHANGELOG = `# Changelog

Words.

## Unreleased

### Added

- A thing.

## 0.1.0 - 2026-01-02

- The first.
`;

const RELEASED = `# Changelog

Words.

## Unreleased

## 0.2.0 - 2026-03-04

### Added

- A thing.

## 0.1.0 - 2026-01-02

- The first.
`;

Deno.test("a release gives what is unreleased its version and date, and leaves room above", () => {
  assert.equal(releasedChangelog(CHANGELOG, "0.2.0", "2026-03-04"), RELEASED);
});

Deno.test("a release of nothing is refused in one sentence", () => {
  assert.throws(() => releasedChangelog(RELEASED, "0.3.0", "2026-03-05"), {
    message: "Cannot release 0.3.0: CHANGELOG.md has nothing under Unreleased",
  });
});

Deno.test("a changelog without the heading is refused in one sentence", () => {
  assert.throws(() => releasedChangelog("# Changelog\n", "0.3.0", ""), {
    message: 'Cannot release: CHANGELOG.md has no heading "## Unreleased"',
  });
});

Deno.test("the notes of a version are its section, whichever it is", () => {
  assert.equal(notesOf(RELEASED, "0.2.0"), "### Added\n\n- A thing.");
  assert.equal(notesOf(RELEASED, "0.1.0"), "- The first.");
  assert.equal(notesOf(RELEASED, "0.3.0"), "");
});
