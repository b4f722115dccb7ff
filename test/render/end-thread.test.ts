import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { endThread } from "../../src/render/end-thread.ts";

const start = (code: string) =>
  new Worker(`const { parentPort } = require("node:worker_threads"); ${code}`, { eval: true, execArgv: [] });

/** Inflates in pieces of work of some milliseconds. `terminate()` in one of them ends the process about once in a hundred times. */
const INFLATES = `
  const { deflateSync, inflateSync } = require("node:zlib");
  const bytes = deflateSync(Buffer.alloc(100));
  const work = () => {
    for (const end = Date.now() + 5; Date.now() < end; ) inflateSync(bytes);
    setImmediate(work);
  };
  parentPort.on("message", (message) => message === "end" && process.exit());
  parentPort.postMessage("ready");
  work();
`;

it("threads that inflate are ended without ending the process", async () => {
  for (let round = 0; round < 4; round++) {
    const threads = Array.from({ length: 8 }, () => start(INFLATES));
    await Promise.all(threads.map((thread) => once(thread, "message")));
    await Promise.all(threads.map(endThread));
    expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1));
  }
});

it("a thread that hears nothing, and one that has ended, are ended too", async () => {
  const deaf = start(`parentPort.postMessage("ready"); for (;;);`);
  await once(deaf, "message");
  await endThread(deaf);
  await endThread(deaf);
  const gone = start("");
  await once(gone, "exit");
  await endThread(gone);
  expect([deaf.threadId, gone.threadId]).toEqual([-1, -1]);
});
