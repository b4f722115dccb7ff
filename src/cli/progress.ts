import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

/** A bar on stderr where that is a terminal; elsewhere one line when it begins. */
export function showProgress(what: string): Progress {
  const { stderr } = process;
  if (!stderr.isTTY) {
    stderr.write(`${what} …\n`);
    return { update: () => {}, stop: () => {} };
  }
  const bar = new SingleBar(
    {
      format: `${what} {bar} {percentage} %  {eta_formatted} left`,
      stream: stderr,
      clearOnComplete: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0);
  return {
    update: (done, total) => {
      bar.setTotal(total);
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

/** Nothing is shown: for --json, whose reader is a program. */
export const NO_PROGRESS: Progress = { update: () => {}, stop: () => {} };
