import { constants, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/**
 * From which share of the heap limit on no new call is taken. What runs needs the rest: closer to the limit the engine
 * spends most of its time on collecting garbage.
 */
const fullShare = 0.7;

/** From which share on calls that run are ended. */
const criticalShare = 0.85;

/**
 * Watches how much of Node's heap is in use. The engine ends the process when the heap is full; what fills it need not be
 * counted anywhere. How full it is shows only after a full garbage collection.
 */
class HeapGuard {
  /** Each ends something that runs, to make room. */
  readonly #relieve = new Set<() => void>();
  #isFull = false;

  constructor() {
    const observer = new PerformanceObserver((list) => {
      if (list.getEntries().some(isFullCollection)) this.#look();
    });
    observer.observe({ type: "gc" });
  }

  /** Whether so much is in use that nothing new is to begin. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Has a function called whenever the heap is all but full; it is to end something. Returns what takes it back. */
  onCritical(relieve: () => void): () => void {
    this.#relieve.add(relieve);
    return () => this.#relieve.delete(relieve);
  }

  #look(): void {
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    this.#isFull = used_heap_size > heap_size_limit * fullShare;
    if (used_heap_size > heap_size_limit * criticalShare) for (const relieve of this.#relieve) relieve();
  }
}

function isFullCollection(entry: PerformanceEntry): boolean {
  // Entries of this type have a detail, which the type of all entries does not declare.
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/** The guard of this process. */
export const heapGuard = new HeapGuard();
