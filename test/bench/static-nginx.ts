import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../fixtures/server.ts";

export interface StaticNginx {
  readonly url: string;
  /** Of a file. */
  path(n: number): string;
  stop(): Promise<void>;
}

/** nginx that does nothing but send files, as fast as it can: what serving from a cache is compared with. */
export async function startStaticNginx(files: readonly Uint8Array[]): Promise<StaticNginx> {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-static-"));
  // Where root starts nginx its workers are nobody.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "files"), { mode: 0o755 });
  for (const [n, bytes] of files.entries()) writeFileSync(join(folder, "files", `${n}.jpg`), bytes);
  const port = await freePort();
  const configuration = join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    `pid ${folder}/nginx.pid; worker_processes auto; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000;
  types { image/jpeg jpg; }
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${port}; root ${folder}/files; }
}
`,
  );
  const child = spawn("nginx", ["-p", folder, "-c", configuration, "-e", `${folder}/error.log`, "-g", "daemon off;"]);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/0.jpg`).catch(() => null))?.ok) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}.`);
    await sleep(20);
  }
  return {
    url,
    path: (n) => `/${n % files.length}.jpg`,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
