#!/usr/bin/env node
// Looks at CSAF 2.0 documents, one a line on standard input: the schema with nothing beside it, the mandatory tests, and of the optional ones those that a
// finding can meet. Says what is wrong with each, and ends with 1 when anything is.

import { createInterface } from "node:readline";

import { csaf_2_0_strict } from "@secvisogram/csaf-validator-lib/schemaTests.js";
import * as mandatory from "@secvisogram/csaf-validator-lib/mandatoryTests.js";
import * as optional from "@secvisogram/csaf-validator-lib/optionalTests.js";
import validate from "@secvisogram/csaf-validator-lib/validate.js";

// Nothing is known of a remedy (6.2.2) or a score (6.2.3), and a document that is handed over stands at no address (6.2.11).
const without = ["optionalTest_6_2_2", "optionalTest_6_2_3", "optionalTest_6_2_11"];
const wanted = Object.entries(optional).filter(([name]) => !without.includes(name));
const tests = [csaf_2_0_strict, ...Object.values(mandatory), ...wanted.map(([, test]) => test)];

let documents = 0;
for await (const line of createInterface({ input: process.stdin })) {
  documents += 1;
  const { tests: results } = await validate(tests, JSON.parse(line));
  for (const { name, errors, warnings } of results) {
    for (const { instancePath, message } of [...errors, ...warnings]) {
      console.log(`document ${documents}: ${name} at ${instancePath}: ${message}`);
      process.exitCode = 1;
    }
  }
}
console.log(`${documents} documents, ${tests.length} tests`);
