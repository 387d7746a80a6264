import type { KollageEvent } from '../../model/event.ts';
import type { Needs } from '../../plan/timeline/needs.ts';
import { nothing, type Track, track } from '../../plan/timeline/track.ts';
import type { Paint } from '../colour.ts';
import { frame } from './frame.ts';
import { Screen, type Terminal } from './screen.ts';
import { summary } from './summary.ts';
import type { Symbols } from './symbols.ts';
import { paintLine } from './text.ts';

/** Milliseconds between two drawings. */
const drawEvery = 100;

/** Shows a run on a terminal while it goes on: ten times a second, whatever happens how often. */
export class LiveView {
  readonly #screen: Screen;
  readonly #paint: Paint;
  readonly #symbols: Symbols;
  readonly #needs: Needs;
  readonly #summary: typeof summary;
  #run: Track = nothing;
  #stopping = false;
  #aside = false;
  #clock: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, paint: Paint, symbols: Symbols, needs: Needs, end = summary) {
    this.#screen = new Screen(terminal);
    this.#paint = paint;
    this.#symbols = symbols;
    this.#needs = needs;
    this.#summary = end;
  }

  /** Begins to draw with the first event. */
  readonly show = (event: KollageEvent): void => {
    this.#run = track(this.#run, event);
    if (this.#clock) return;
    this.#clock = setInterval(() => this.#draw(), drawEvery).unref();
    process.on('exit', this.#leave).on('SIGTSTP', this.#suspend);
  };

  /** Leaves the terminal to something else until that is over; what follows is drawn below it. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.#screen.leave();
    this.#aside = true;
    try {
      return await work();
    } finally {
      this.#aside = false;
    }
  }

  /** Says that the run was told to stop. */
  stopping(): void {
    this.#stopping = true;
    if (this.#clock) this.#draw();
  }

  /** Leaves what stays of the run, and the terminal as a shell expects it. `revision`: null when it was not applied whole. */
  end(revision: number | null): void {
    if (!this.#clock) return;
    clearInterval(this.#clock);
    this.#clock = undefined;
    process.off('exit', this.#leave).off('SIGTSTP', this.#suspend);
    const { columns } = this.#screen;
    const lines = this.#summary(this.#run, this.#needs, { symbols: this.#symbols, columns, revision });
    // Long lines are whole in the scrollback: they are for reading, and the terminal may break them.
    const text = lines.map((line) => `${paintLine(line, Number.POSITIVE_INFINITY, this.#paint)}\n`).join('');
    this.#screen.end(text);
  }

  #draw(): void {
    if (this.#aside) return;
    const { columns, rows } = this.#screen;
    const lines = frame({
      run: this.#run,
      needs: this.#needs,
      symbols: this.#symbols,
      now: Date.now(),
      columns,
      height: rows - 1,
      stopping: this.#stopping,
    });
    this.#screen.draw(lines.map((line) => paintLine(line, columns, this.#paint)));
  }

  readonly #leave = (): void => this.#screen.leave();

  /** Ctrl-Z: the shell gets its cursor back. What follows SIGCONT is drawn below what the shell wrote. */
  readonly #suspend = (): void => {
    this.#screen.leave();
    process.kill(process.pid, 'SIGSTOP');
  };
}
