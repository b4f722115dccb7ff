import { Presets, SingleBar } from "cli-progress";

/** Called with what is done and how much there is in all. */
export type Progress = (done: number, total: number) => void;

/** Shows a bar on stderr while `work` runs, at a terminal only; it is gone afterwards. */
export async function withProgress<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work(() => {});
  const format = `${title} {bar} {percentage} %, {eta_formatted} left`;
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true },
    Presets.shades_grey,
  );
  bar.start(1, 0);
  try {
    return await work((done, total) => {
      bar.setTotal(total);
      bar.update(done);
    });
  } finally {
    bar.stop();
  }
}
