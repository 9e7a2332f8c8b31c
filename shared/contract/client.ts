// The host as a door sees it: the contract turned into calls.
import type { ContractRouterClient, InferContractRouterInputs, InferContractRouterOutputs } from "@orpc/contract";
import type { Contract } from "./app.ts";

/** Every procedure of the contract as a typed call. */
export type HostClient = ContractRouterClient<Contract>;
/** What each procedure takes. */
export type HostInputs = InferContractRouterInputs<Contract>;
/** What each procedure gives. */
export type HostOutputs = InferContractRouterOutputs<Contract>;
