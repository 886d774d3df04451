/** A ring without records, shared by all that hold nothing. */
export const NO_RECORDS = new Float64Array(0)
