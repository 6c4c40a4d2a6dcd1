// Owns which restrictions keep which edges out: a bit for each, set anew only when that restriction has changed.
// Leaves what the restrictions are to filters.js and timeline.js.

/**
 * A restriction has `set()`, what it is at the moment ('' for none), and `outs()`, which gives the function that tells of
 * an edge whether it is kept out; `narrow` marks those that ask something of statements.
 */
function createSieve(restrictions) {
  const reasons = new Uint16Array(record.edgeCount);
  const settled = restrictions.map(() => '');
  return {
    /** By edge: 0 for what is let through. */
    reasons,
    /** Brings the reasons in line with the restrictions; whether one is set that is narrow. */
    weigh() {
      let narrow = false;
      restrictions.forEach((restriction, place) => {
        const set = restriction.set();
        if (set && restriction.narrow) narrow = true;
        if (set === settled[place]) return;
        settled[place] = set;
        const bit = 1 << place;
        const outs = set ? restriction.outs() : null;
        for (let edge = 0; edge < record.edgeCount; edge += 1) {
          if (outs !== null && outs(edge)) reasons[edge] |= bit;
          else reasons[edge] &= ~bit;
        }
      });
      return narrow;
    },
  };
}
