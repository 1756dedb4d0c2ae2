import { constants, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/**
 * No new call is accepted while more than this share of the heap limit is used. Calls in progress need the rest: closer to
 * the limit V8 spends most of its time on garbage collection.
 */
const fullShare = 0.7;

/** Calls in progress are ended while more than this share is used. */
const criticalShare = 0.85;

/**
 * Watches the use of Node's heap, which also has objects that no budget counts. V8 ends the process when the heap is full.
 * The use is known only after a full garbage collection.
 */
class HeapGuard {
  /** Functions that free memory. */
  readonly #listeners = new Set<() => void>();
  #isFull = false;

  constructor() {
    const observer = new PerformanceObserver((list) => {
      if (list.getEntries().some(isFullCollection)) this.#check();
    });
    observer.observe({ type: "gc" });
  }

  /** Whether more than {@link fullShare} of the heap limit is used. Then no new call may begin. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Calls a function that frees memory whenever the heap is almost full. Returns a function that stops that. */
  onCritical(freeMemory: () => void): () => void {
    this.#listeners.add(freeMemory);
    return () => this.#listeners.delete(freeMemory);
  }

  #check(): void {
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    this.#isFull = used_heap_size > heap_size_limit * fullShare;
    if (used_heap_size > heap_size_limit * criticalShare) for (const freeMemory of this.#listeners) freeMemory();
  }
}

function isFullCollection(entry: PerformanceEntry): boolean {
  // The type of performance entries does not declare the detail of this one.
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/** The guard of this process. */
export const heapGuard = new HeapGuard();
