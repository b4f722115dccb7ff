import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { findPictures, type Picture, type PictureGroup } from "./pictures.ts";

export interface PictureStripProps {
  /** The last answer, whole. */
  readonly result: unknown;
  readonly milliseconds: number;
}

/** The pictures of the last answer beside its text; tiles lie where they belong. */
export function PictureStrip({ result, milliseconds }: PictureStripProps) {
  const groups = findPictures(result);
  const total = groups.reduce((sum, { pictures }) => sum + pictures.length, 0);
  const [loaded, setLoaded] = useState(0);
  const [failed, setFailed] = useState(0);
  const [duration, setDuration] = useState<number | null>(null);
  const started = useRef(performance.now());

  useEffect(() => {
    if (loaded + failed === total) setDuration(performance.now() - started.current);
  }, [loaded, failed, total]);

  if (total === 0) return null;
  const count = (ok: boolean) => (ok ? setLoaded((value) => value + 1) : setFailed((value) => value + 1));
  return (
    <section className="bandloom-pictures" aria-label="Pictures of the answer" data-loaded={loaded} data-total={total}>
      <p role="status">
        <strong>{total === 1 ? "1 picture" : `${total} pictures`}</strong>
        <span>answer {Math.round(milliseconds)} ms</span>
        {duration === null ? (
          <span>{`loading ${loaded} of ${total} …`}</span>
        ) : (
          <span>{`shown after ${Math.round(duration)} ms`}</span>
        )}
        {failed > 0 && <span className="bandloom-failed">{`${failed} failed`}</span>}
      </p>
      <div className="bandloom-groups">
        {groups.map((group) => (
          <Mosaic key={group.path} group={group} onSettled={count} />
        ))}
      </div>
    </section>
  );
}

interface MosaicProps {
  readonly group: PictureGroup;
  readonly onSettled: (ok: boolean) => void;
}

/** Pictures at their own size on a grid that is scaled to fit as a whole, so that cropped edge tiles keep their place. */
function Mosaic({ group, onSettled }: MosaicProps) {
  const frame = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState(1);

  useLayoutEffect(() => {
    const [outer, inner] = [frame.current, grid.current];
    if (!outer || !inner) return;
    const fit = () => {
      const { offsetWidth, offsetHeight } = inner;
      if (offsetWidth > 0 && offsetHeight > 0)
        setScale(Math.min(outer.clientWidth / offsetWidth, outer.clientHeight / offsetHeight, MAX_SCALE));
    };
    const observer = new ResizeObserver(fit);
    observer.observe(outer);
    observer.observe(inner);
    return () => observer.disconnect();
  }, []);

  const placed = group.pictures.every(({ x, y }) => x !== null && y !== null);
  const left = Math.min(...group.pictures.map(({ x }) => x ?? 0));
  const top = Math.min(...group.pictures.map(({ y }) => y ?? 0));
  return (
    <figure>
      <div ref={frame} className="bandloom-frame">
        <div
          ref={grid}
          className={placed ? "bandloom-mosaic" : "bandloom-row"}
          style={{ transform: `scale(${scale})` }}
        >
          {group.pictures.map((picture) => (
            <Cell
              key={picture.path}
              picture={picture}
              {...(placed ? { column: (picture.x ?? 0) - left + 1, row: (picture.y ?? 0) - top + 1 } : {})}
              onSettled={onSettled}
            />
          ))}
        </div>
      </div>
      <figcaption>{group.path}</figcaption>
    </figure>
  );
}

/** Pixels of small pictures may be seen, not inspected. */
const MAX_SCALE = 3;

interface CellProps {
  readonly picture: Picture;
  readonly column?: number;
  readonly row?: number;
  readonly onSettled: (ok: boolean) => void;
}

function Cell({ picture, column, row, onSettled }: CellProps) {
  const label = picture.x === null ? "" : `x ${picture.x}, y ${picture.y}`;
  const image = (
    <img
      src={picture.source}
      alt={label || "picture"}
      title={label}
      draggable={false}
      onLoad={() => onSettled(true)}
      onError={() => onSettled(false)}
    />
  );
  const place = column === undefined ? {} : { style: { gridColumn: column, gridRow: row } };
  if (picture.link === null) return <span {...place}>{image}</span>;
  return (
    <a href={picture.link} target="_blank" rel="noreferrer" {...place}>
      {image}
    </a>
  );
}
