import { Presets, SingleBar } from "cli-progress";

/** Called with what is done and how much there is in all; `rate` is shown as it is, such as `40 tiles/s`. */
export type Progress = (done: number, total: number, rate?: string) => void;

/** Shows a bar on stderr while `work` runs, at a terminal only; it is gone afterwards. */
export async function withProgress<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work(() => {});
  const format = `${title} {bar} {percentage} %{rate}, {eta_formatted} left`;
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true },
    Presets.shades_grey,
  );
  bar.start(1, 0, { rate: "" });
  try {
    return await work((done, total, rate) => {
      bar.setTotal(total);
      bar.update(done, { rate: rate === undefined ? "" : `, ${rate}` });
    });
  } finally {
    bar.stop();
  }
}
