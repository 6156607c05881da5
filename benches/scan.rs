//! How fast is a scan? The benches come with the binary.

fn main() {}
