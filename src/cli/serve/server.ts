import { once } from "node:events";
import type { ToServer } from "./messages.ts";
import { runServer } from "./run-server.ts";

/** The process that serves: it gets its settings from its supervisor and ends with it. */

const [{ config, again }] = (await once(process, "message")) as [ToServer];
process.exitCode = await runServer(config, again);
