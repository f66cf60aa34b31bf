// Testtable runs `go test -json`, or reads such a stream, and closes with a
// table: passed, failed, skipped by named ability.
//
//	testtable [-name NAME] [-machine KIND] -- go test -json ./...
//	testtable [-name NAME] [-machine KIND] <stream
//
// The exit code is 1 if a test failed, a package did not build, no test ran,
// or a test was skipped for a reason that testdata/skips does not expect on
// this kind of machine. The last line reads "N passed, N failed, N skipped";
// with -name, the counts are also left in build/results/NAME.
package main
