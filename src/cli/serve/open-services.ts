import { createAccess } from "../../access/index.ts";
import { BandloomError } from "../../core/errors.ts";
import { createServices, type ServiceEvent, type Services } from "../../service/index.ts";
import { assertFits, thisMachine } from "../config/machine.ts";
import { serviceOptions } from "../config/services.ts";
import { LOG_LEVELS, type Settings } from "../config/settings.ts";
import { assertReadable, prepareDataFolder } from "./data-folder.ts";

/** The pipeline as the settings want it. Rejects with BAD_REQUEST for settings that contradict each other or the machine, with SOURCE_FAILED without images. */
export async function openServices(settings: Settings, secret: string | null, stop: AbortSignal): Promise<Services> {
  assertConsistent(settings);
  assertFits(settings, thisMachine());
  const onEvent = (event: ServiceEvent) => report(event, settings);
  const { role, data, filesUrl } = settings;
  // Who serves alone needs something to show; where work is shared, a folder that is not mounted must not be taken for an empty one.
  if (filesUrl === null && role === "all") await prepareDataFolder(data, stop, onEvent);
  else if (filesUrl === null) await assertReadable(data);
  const { access: file, adminToken } = settings;
  const log = (message: string) => onEvent({ level: "warn", message });
  const access = await createAccess({ file, adminToken, startSecret: secret, log });
  return createServices({ ...serviceOptions(settings), access, onEvent });
}

function assertConsistent(settings: Settings): void {
  const { role, renderUrl, filesUrl, serveFiles, signingKeys, linkHours, port, metricsPort, access } = settings;
  if (renderUrl !== null && role !== "api")
    throw new BandloomError(
      "BAD_REQUEST",
      `BANDLOOM_RENDER_URL (--render-url) is for the role api: with the role ${role} this server renders itself. Leave it out.`,
    );
  if (filesUrl !== null && (role === "files" || serveFiles))
    throw new BandloomError(
      "BAD_REQUEST",
      "A server that gives away files reads them from its own data folder: leave BANDLOOM_FILES_URL (--files-url) out.",
    );
  if (linkHours !== null && signingKeys === null && access === null)
    throw new BandloomError(
      "BAD_REQUEST",
      "BANDLOOM_LINK_HOURS (--link-hours) is for signed addresses: set BANDLOOM_SIGNING_KEYS (--signing-keys) or BANDLOOM_ACCESS (--access) too, or leave it out.",
    );
  if (metricsPort === port && port !== 0)
    throw new BandloomError(
      "BAD_REQUEST",
      `/metrics has a port of its own, which is not published: --port and --metrics-port are both ${port}. Choose another for one of them.`,
    );
}

/** What the services tell, where it is at least as grave as is logged. */
function report({ level, message }: ServiceEvent, { logLevel }: Settings): void {
  if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(logLevel)) return;
  process.stderr.write(`bandloom: ${level}: ${message}\n`);
}
