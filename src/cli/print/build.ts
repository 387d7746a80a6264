import type { ImageEvent } from '../../images/events.ts';
import type { Paint } from '../colour.ts';
import { megabytes } from './images.ts';

/** Shows a build: a line for each finished image, and below them, on a terminal, what is being done now. */
export class BuildProgress {
  readonly #out: NodeJS.WriteStream;
  readonly #paint: Paint;
  readonly #active = new Map<string, { step: string; since: number }>();
  readonly #clock: NodeJS.Timeout | undefined;
  #drawn = 0;
  #total = 0;
  #finished = 0;

  constructor(out: NodeJS.WriteStream, paint: Paint) {
    this.#out = out;
    this.#paint = paint;
    this.#clock = out.isTTY ? setInterval(() => this.#draw(), 500).unref() : undefined;
  }

  readonly show = (event: ImageEvent): void => {
    if (event.type === 'begin') this.#total = event.images.length;
    if (event.type === 'step') this.#step(event.image, event.step);
    else if ('image' in event) {
      this.#active.delete(event.image);
      this.#finished += 1;
    }
    const line = this.#line(event);
    if (line !== undefined) this.#print(line);
    else this.#draw();
  };

  /** Leaves the terminal as a shell expects it. */
  end(): void {
    clearInterval(this.#clock);
    this.#erase();
  }

  #step(image: string, step: string): void {
    if (this.#active.get(image)?.step !== step) this.#active.set(image, { step, since: performance.now() });
  }

  #line(event: ImageEvent): string | undefined {
    const { green, red, yellow, dim } = this.#paint;
    switch (event.type) {
      case 'built': {
        const { image, seconds, size, own } = event;
        return `${green('built  ')} ${image.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s ${megabytes(size)} ${dim(`own ${megabytes(own).trim()}`)}`;
      }
      case 'present':
        return dim(`present ${event.image.padEnd(16)} ${event.reference}`);
      case 'failed': {
        const { error, last } = event;
        return [
          `${red('failed ')} ${error.message}`,
          ...last.map((line) => dim(`        ${line}`)),
          `        ${error.finding.next ?? event.log}`,
        ].join('\n');
      }
      case 'skipped':
        return `${yellow('skipped')} ${event.image}: ${event.because} was not built`;
      case 'waiting':
        return `Another build of ${event.release} is at work: waiting for its end`;
      case 'end':
        return `${event.built} built, ${event.present} present, ${event.failed} failed, ${event.skipped} skipped in ${event.seconds.toFixed(0)} s`;
      default:
        return undefined;
    }
  }

  #print(line: string): void {
    this.#erase();
    this.#out.write(`${line}\n`);
    this.#draw();
  }

  #draw(): void {
    if (!this.#out.isTTY || this.#active.size === 0) return;
    this.#erase();
    const now = performance.now();
    const rows = [...this.#active]
      .filter(([, { step }]) => step !== 'queue')
      .map(
        ([image, { step, since }]) =>
          `        ${image.padEnd(16)} ${step} ${((now - since) / 1000).toFixed(0)} s`,
      );
    const lines = [...rows, this.#paint.dim(`        ${this.#finished} of ${this.#total}`)];
    this.#out.write(`${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#out.write(`\u001B[${this.#drawn}A\u001B[J`);
    this.#drawn = 0;
  }
}
