/** One network learns the whole table. */
import { explorable } from "../parts/host.js";
import { networkPicture, STYLES as PICTURE } from "./network_picture.js";
import { chooseRun, STYLES } from "./single_network.js";

export default explorable("whole_table", (stage) => chooseRun(stage, networkPicture(stage, true)), [...STYLES, ...PICTURE]);
