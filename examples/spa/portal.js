import { createClient } from "http://login.example.localhost:8787/auth/client/1/vestibule.js";

export const portal = createClient("http://login.example.localhost:8787");
