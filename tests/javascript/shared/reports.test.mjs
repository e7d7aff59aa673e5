import assert from "node:assert/strict";
import test from "node:test";
import { Reports } from "../../../dashboard/components/shared/reports.js";

function reporting() {
  const sent = [];
  const reports = new Reports("scene");
  const send = (value) => reports.send((name, report) => void sent.push([name, report]), value);
  return { reports, send, sent };
}

test("what Python says holds once it has seen the last report, and not while something is held", () => {
  const { reports, send } = reporting();
  assert.ok(reports.isNews(0));
  send({ x: 1 });
  assert.ok(!reports.isNews(0), "Python has not seen the report yet");
  assert.ok(reports.isNews(1));
  reports.hold();
  assert.ok(!reports.isNews(1));
  send({ x: 2 });
  assert.ok(reports.isNews(2));
});

test("a page that was left open goes on from the number that Python knows", () => {
  const { reports, send, sent } = reporting();
  assert.ok(reports.isNews(7));
  send({ x: 1 });
  assert.deepEqual(sent, [["scene", { x: 1, number: 8 }]]);
});

test("keys are reported together, when they have rested", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { reports, send, sent } = reporting();
  for (const x of [1, 2, 3]) {
    reports.whenKeysRest(() => send({ x }));
    mock.timers.tick(200);
    assert.ok(!reports.isNews(0), "an answer to what was before must not undo a key");
  }
  assert.deepEqual(sent, []);
  mock.timers.tick(200);
  assert.deepEqual(sent, [["scene", { x: 3, number: 1 }]]);
  mock.timers.tick(1000);
  assert.equal(sent.length, 1);
});

test("what waits is reported at once, with what is done now, or dropped", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { reports, send, sent } = reporting();
  reports.whenKeysRest(() => send({ x: 1 }));
  reports.flush();
  reports.flush();
  assert.equal(sent.length, 1);
  reports.whenKeysRest(() => send({ x: 2 }));
  send({ x: 3 });
  reports.whenKeysRest(() => send({ x: 4 }));
  reports.drop();
  mock.timers.tick(1000);
  assert.deepEqual(
    sent.map(([, { x }]) => x),
    [1, 3],
  );
});
