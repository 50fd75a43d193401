/** One network learns one example. */
import { explorable } from "../parts/host.js";
import { networkPicture, STYLES as PICTURE } from "./network_picture.js";
import { chooseRun, STYLES } from "./single_network.js";

export default explorable("one_example", (stage) => chooseRun(stage, networkPicture(stage, false)), [...STYLES, ...PICTURE]);
